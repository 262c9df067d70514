package org.openhealthexchange.hapi;

import ca.uhn.fhir.jpa.config.r5.JpaR5Config;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** HAPI's JPA server for R5 as HAPI configures it. */
@Configuration
@Import({JpaR5Config.class, StoreConfig.class})
public class R5Config {}
